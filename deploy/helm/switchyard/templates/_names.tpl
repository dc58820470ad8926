{{/* Names and labels. */}}

{{- define "switchyard.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 40 characters leave room for -worker- and the name of a pool. */}}
{{- define "switchyard.fullname" -}}
{{- $name := include "switchyard.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $full | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "switchyard.selector" -}}
app.kubernetes.io/name: {{ include "switchyard.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "switchyard.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "switchyard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: switchyard
{{- end }}

{{/* The image of a daemon. Takes root and own, the tag and the digest of a pool. */}}
{{- define "switchyard.image" -}}
{{- $own := .own | default dict -}}
{{- $all := .root.Values.image -}}
{{- $digest := $own.digest | default (ternary "" $all.digest (not (empty $own.tag))) -}}
{{- if $digest -}}
{{ $all.repository }}@{{ $digest }}
{{- else -}}
{{ $all.repository }}:{{ $own.tag | default $all.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "switchyard.serviceAccount" -}}
{{ ternary (.Values.serviceAccount.name | default (include "switchyard.fullname" .)) (.Values.serviceAccount.name | default "default") .Values.serviceAccount.create }}
{{- end }}

{{- define "switchyard.owner" -}}
{{ .Values.scheduler.owner | default (include "switchyard.fullname" .) }}
{{- end }}
