{{/* What is computed for a pool. */}}

{{/* agents=4,scraping=16 */}}
{{- define "switchyard.queues" -}}
{{- $all := list -}}
{{- range $queue, $slots := . }}{{ $all = append $all (printf "%s=%d" $queue (int $slots)) }}{{ end -}}
{{ join "," $all }}
{{- end }}

{{/* How many pods. With KEDA it is what runs: to leave the line out on the day that KEDA is switched
on would make seven one, and to leave it out on a later day would, too. A new Deployment begins
with one. Takes root, name and pool. */}}
{{- define "switchyard.replicas" -}}
{{- if hasKey .pool "replicas" -}}
replicas: {{ .pool.replicas }}
{{- else -}}
{{- $runs := lookup "apps/v1" "Deployment" .root.Release.Namespace .name -}}
{{- if and $runs (hasKey $runs.spec "replicas") -}}
replicas: {{ $runs.spec.replicas }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Whether more than one pod may run. Takes a pool. */}}
{{- define "switchyard.several" -}}
{{- if gt (int (.replicas | default .max | default 0)) 1 }}true{{ end -}}
{{- end }}

{{/* The queues on the slots of one, itself included: its siblings wait for the same workers. Takes
root and queue. */}}
{{- define "switchyard.siblings" -}}
{{- $one := dig "queues" .queue "priorities" dict .root.Values.config -}}
{{ keys (merge (dict .queue 1) ($one | default dict)) | sortAlpha | join "," }}
{{- end }}
