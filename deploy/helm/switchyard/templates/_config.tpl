{{/* What a daemon is told: its variables, its file. */}}

{{/* The file, as the ConfigMap and the checksum have it. */}}
{{- define "switchyard.file" -}}
{{- if .Values.config }}{{ toYaml .Values.config }}{{ else }}{}{{ end }}
{{- end }}

{{/* The volume with the file. Takes root and map, the name of the chart's own ConfigMap. */}}
{{- define "switchyard.fileVolume" -}}
- name: config
  {{- if .root.Values.existingConfigSecret }}
  secret:
    secretName: {{ .root.Values.existingConfigSecret }}
  {{- else }}
  configMap:
    name: {{ .root.Values.existingConfigMap | default .map }}
  {{- end }}
{{- end }}

{{/* Redis of a daemon. Takes root and own, what the daemon has in place of .Values.redis. */}}
{{- define "switchyard.redis" -}}
{{- $redis := .own | default .root.Values.redis -}}
- name: SWITCHYARD_REDIS_URL
  {{- if $redis.urlKey }}
  valueFrom:
    secretKeyRef: {name: {{ $redis.existingSecret }}, key: {{ $redis.urlKey }}}
  {{- else }}
  value: {{ $redis.url | quote }}
  {{- end }}
{{- if $redis.passwordKey }}
- name: SWITCHYARD_REDIS_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ $redis.existingSecret }}, key: {{ $redis.passwordKey }}}
{{- end }}
{{- end }}

{{/* The variables of all daemons. Takes root, redis and env, those that a pool adds. */}}
{{- define "switchyard.env" -}}
- name: SWITCHYARD_CONFIG
  value: /etc/switchyard/switchyard.yaml
- name: SWITCHYARD_LOG_FORMAT
  value: json
{{ include "switchyard.redis" (dict "root" .root "own" .redis) }}
{{- range $name, $value := merge (dict) (.env | default dict) .root.Values.env }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}
