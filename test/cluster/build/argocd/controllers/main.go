// Command argocd-controllers holds what a sync needs of Argo CD, its application controller and its repo server, under both names.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	appcontroller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	commands := map[string]func() *cobra.Command{
		"argocd-application-controller": appcontroller.NewCommand,
		"argocd-repo-server":            reposerver.NewCommand,
	}
	command, isKnown := commands[filepath.Base(os.Args[0])]
	if !isKnown {
		fmt.Fprintf(os.Stderr, "Cannot run as %s: call it by the name of a program that it holds\n", os.Args[0])
		os.Exit(2)
	}
	if err := command().Execute(); err != nil {
		os.Exit(1)
	}
}
