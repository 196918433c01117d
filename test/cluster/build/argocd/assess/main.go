// Command argocd-assess prints what Argo CD makes of one resource, offline: its health by a Lua script, and its diff to a target.
//
//	argocd-assess HEALTH.lua GROUP/KIND LIVE.yaml [TARGET.yaml]
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

type assessment struct {
	Health         *health.HealthStatus `json:"health"`
	Modified       *bool                `json:"modified,omitempty"`
	PredictedLive  json.RawMessage      `json:"predictedLive,omitempty"`
	NormalizedLive json.RawMessage      `json:"normalizedLive,omitempty"`
}

func main() {
	if len(os.Args) != 4 && len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: argocd-assess HEALTH.lua GROUP/KIND LIVE.yaml [TARGET.yaml]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintf(os.Stderr, "Cannot assess: %v\n", err)
		os.Exit(1)
	}
}

func run(script, kind, live string, targets []string) error {
	text, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	object, err := load(live)
	if err != nil {
		return err
	}
	overrides := lua.ResourceHealthOverrides(map[string]v1alpha1.ResourceOverride{kind: {HealthLua: string(text)}})
	status, err := health.GetResourceHealth(object, overrides)
	if err != nil {
		return err
	}
	answer := assessment{Health: status}
	for _, path := range targets {
		target, err := load(path)
		if err != nil {
			return err
		}
		result, err := diff.Diff(target, object)
		if err != nil {
			return err
		}
		answer.Modified = &result.Modified
		answer.PredictedLive = result.PredictedLive
		answer.NormalizedLive = result.NormalizedLive
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func load(path string) (*unstructured.Unstructured, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var object unstructured.Unstructured
	if err := yaml.Unmarshal(text, &object.Object); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &object, nil
}
