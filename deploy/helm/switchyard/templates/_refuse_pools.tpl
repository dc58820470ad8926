{{/* What is refused of pools, and of scaling them. */}}

{{- define "switchyard.refusePools" -}}
{{- if not .Values.worker.pools }}{{ fail "worker.pools is empty: give at least one, such as {agents: {queues: {agents: 4}, replicas: 2}}" }}{{ end }}
{{- $known := concat (list "agents" "briefings" "default" "scraping") (keys (dig "queues" dict .Values.config | default dict)) | uniq | sortAlpha }}
{{- range $pool, $p := .Values.worker.pools }}
{{- $at := printf "worker.pools.%s" $pool }}
{{- if and (hasKey $p "replicas") (or (hasKey $p "min") (hasKey $p "max")) }}{{ fail (printf "%s has replicas, and min or max: give replicas for a fixed number, or min and max for KEDA" $at) }}{{ end }}
{{- if not (hasKey $p "replicas") }}
{{- if not (and (hasKey $p "min") (hasKey $p "max")) }}{{ fail (printf "%s does not say how many pods there are: give replicas, or min and max with keda.enabled" $at) }}{{ end }}
{{- if gt (int $p.min) (int $p.max) }}{{ fail (printf "%s.min is %d and max is %d: give a max of at least %d" $at (int $p.min) (int $p.max) (int $p.min)) }}{{ end }}
{{- if not $.Values.keda.enabled }}{{ fail (printf "%s has min and max, and nobody scales it: set keda.enabled, or give replicas" $at) }}{{ end }}
{{- end }}
{{- range $queue, $slots := $p.queues }}
{{- if and (not (or $.Values.existingConfigMap $.Values.existingConfigSecret)) (not (has $queue $known)) }}{{ fail (printf "%s.queues has %s, which config.queues does not: add it there, or use some of %s" $at $queue (join ", " $known)) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseKeda" -}}
{{- $k := .Values.keda }}
{{- if $k.enabled }}
{{- $scaled := list }}
{{- range $pool, $p := .Values.worker.pools }}{{ if not (hasKey $p "replicas") }}{{ $scaled = append $scaled $pool }}{{ end }}{{ end }}
{{- if not $scaled }}{{ fail "keda.enabled is true, and no pool has min and max: give a pool both in place of replicas" }}{{ end }}
{{- if eq $k.source "monitor" }}
{{- if not .Values.monitor.enabled }}{{ fail "keda.source is monitor, and monitor.enabled is false: enable the monitor, or use prometheus" }}{{ end }}
{{- if not .Values.monitor.reader.existingSecret }}{{ fail "keda.source is monitor and monitor.reader.existingSecret is empty: name a secret with the name and the password of a reader, or the monitor answers KEDA with 401" }}{{ end }}
{{- else }}
{{- if not $k.prometheus.address }}{{ fail "keda.source is prometheus and keda.prometheus.address is empty: give its URL, such as http://prometheus.monitoring.svc:9090" }}{{ end }}
{{- if contains "@" $k.prometheus.address }}{{ fail "keda.prometheus.address has a user or a password, which everybody who may read ScaledObjects would see: leave it out" }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
