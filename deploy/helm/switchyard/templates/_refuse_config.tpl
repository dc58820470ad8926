{{/* What is refused of the configuration file. */}}

{{/* Names of what is secret, as the program itself knows them. */}}
{{- define "switchyard.secretName" -}}
(?i)(passw|passphrase|secret|credential|authorization|cookie|api_?key|private_?key|access_?key|(^|[_-])(key|token|pwd|dsn)$)
{{- end }}

{{/* Where a secret stands: a line with "name" or "url" and the path. The names of variables and
files that hold secrets are none, and neither are hashes. Takes path and value. */}}
{{- define "switchyard.secretsIn" -}}
{{- $path := .path }}
{{- if kindIs "map" .value }}
{{- range $key, $value := .value }}
{{- $at := printf "%s.%s" $path $key }}
{{- if and $value (not (hasSuffix "_env" $path)) (regexMatch (include "switchyard.secretName" $) $key) (not (regexMatch "(?i)(_env|_file|_hash)$" $key)) }}
name {{ $at }}
{{- else }}
{{- include "switchyard.secretsIn" (dict "path" $at "value" $value) }}
{{- end }}
{{- end }}
{{- else if kindIs "slice" .value }}
{{- range $i, $value := .value }}
{{- include "switchyard.secretsIn" (dict "path" (printf "%s[%d]" $path $i) "value" $value) }}
{{- end }}
{{- else if and (kindIs "string" .value) (regexMatch "://[^/?#@\\s]*:[^/?#@\\s]*@" .value) }}
url {{ $path }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseConfig" -}}
{{- $files := compact (list (ternary "config" "" (not (empty .Values.config))) (ternary "existingConfigMap" "" (not (empty .Values.existingConfigMap))) (ternary "existingConfigSecret" "" (not (empty .Values.existingConfigSecret)))) }}
{{- if gt (len $files) 1 }}{{ fail (printf "%s are given, and there is one configuration file: leave all but one out" (join " and " $files)) }}{{ end }}
{{- $found := splitList "\n" (include "switchyard.secretsIn" (dict "path" "config" "value" .Values.config) | trim) | first }}
{{- if hasPrefix "name " $found }}{{ fail (printf "%s looks like a secret, and a ConfigMap is none: put it into a secret that envFrom names, or the whole file into one that existingConfigSecret names" (trimPrefix "name " $found)) }}{{ end }}
{{- if hasPrefix "url " $found }}{{ fail (printf "%s is a URL with a password, and a ConfigMap is no secret: leave the password out, or put the whole file into a secret that existingConfigSecret names" (trimPrefix "url " $found)) }}{{ end }}
{{- range $at, $instead := dict "redis.url" "redis.url of the values" "worker.drain" "worker.pools.<pool>.drainSeconds" "worker.listen" "nothing: the chart knows the ports" "scheduler.listen" "nothing: the chart knows the ports" "monitor.listen" "nothing: the chart knows the ports" "scheduler.owner" "scheduler.owner of the values" "log.format" "nothing: the chart sets json" }}
{{- $part := splitList "." $at }}
{{- if hasKey (dig (first $part) dict $.Values.config | default dict) (last $part) }}{{ fail (printf "config.%s has no effect here, because a variable wins over the file: use %s" $at $instead) }}{{ end }}
{{- end }}
{{- end }}
