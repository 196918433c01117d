{{- define "teams-sbc.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* The name of all objects. "-operator" is left out where the release already says so. */ -}}
{{- define "teams-sbc.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains "operator" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-operator" (.Release.Name | trunc 54 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- /* Of the test's pod and of every object that it makes: the name of an SbcInstance has at most 52 characters. */ -}}
{{- define "teams-sbc.callTestName" -}}
{{- printf "%s-call-test" (include "teams-sbc.fullname" . | trunc 42 | trimSuffix "-") -}}
{{- end -}}

{{- define "teams-sbc.serviceAccountName" -}}
{{- default (include "teams-sbc.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "teams-sbc.selectorLabels" -}}
app.kubernetes.io/name: {{ include "teams-sbc.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "teams-sbc.labels" -}}
{{ include "teams-sbc.selectorLabels" . }}
{{ include "teams-sbc.releaseLabels" . }}
{{- end -}}

{{- define "teams-sbc.callTestLabels" -}}
app.kubernetes.io/name: {{ include "teams-sbc.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: call-test
{{ include "teams-sbc.releaseLabels" . }}
{{- end -}}

{{- define "teams-sbc.releaseLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: teams-sbc
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* An image of the values: the digest where there is one, else the tag, else the version of the chart. */ -}}
{{- define "teams-sbc.image" -}}
{{- $image := index . 0 -}}
{{- $root := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}
