{{/* What would not work is refused here, with a sentence, before anything is installed. What the
schema can say stands in values.schema.json. */}}

{{- define "switchyard.refuse" -}}
{{- include "switchyard.refuseImage" . -}}
{{- include "switchyard.refuseRedis" . -}}
{{- include "switchyard.refuseConfig" . -}}
{{- include "switchyard.refuseEnv" . -}}
{{- include "switchyard.refuseLabels" . -}}
{{- include "switchyard.refusePools" . -}}
{{- include "switchyard.refuseMonitor" . -}}
{{- include "switchyard.refuseKeda" . -}}
{{- include "switchyard.refuseNetwork" . -}}
{{- end }}

{{- define "switchyard.refuseImage" -}}
{{- if not .Values.image.repository }}{{ fail "image.repository is empty: name the registry and the repository where you pushed the image that deploy/Dockerfile makes" }}{{ end }}
{{- $tags := dict "image.tag" .Values.image.tag }}
{{- range $pool, $p := .Values.worker.pools }}{{ $_ := set $tags (printf "worker.pools.%s.image.tag" $pool) (dig "image" "tag" "" $p) }}{{ end }}
{{- range $at, $tag := $tags }}
{{- if eq $tag "latest" }}{{ fail (printf "%s is latest, which is another program tomorrow: give a version, or a digest" $at) }}{{ end }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseRedis" -}}
{{- range $at, $redis := dict "redis" .Values.redis "worker.redis" .Values.worker.redis "scheduler.redis" .Values.scheduler.redis "monitor.redis" .Values.monitor.redis }}
{{- $r := $redis | default dict }}
{{- if or $r (eq $at "redis") }}
{{- /* The value is not repeated: it holds a password. */}}
{{- if regexMatch "://[^/?#@]*:[^/?#@]*@" ($r.url | default "") }}{{ fail (printf "%s.url has a password: put it into a secret, and name that in %s.existingSecret and its key in %s.passwordKey" $at $at $at) }}{{ end }}
{{- if and $r.url $r.urlKey }}{{ fail (printf "%s.url and %s.urlKey both give the URL: leave one of them out" $at $at) }}{{ end }}
{{- if and (or $r.urlKey $r.passwordKey) (not $r.existingSecret) }}{{ fail (printf "%s.existingSecret is empty: name the secret that has %s" $at ($r.urlKey | default $r.passwordKey)) }}{{ end }}
{{- if and $r.existingSecret (not (or $r.urlKey $r.passwordKey)) }}{{ fail (printf "%s.existingSecret is %s, and nothing of it is used: give the key of the URL in %s.urlKey, or that of the password in %s.passwordKey" $at $r.existingSecret $at $at) }}{{ end }}
{{- if not (or $r.url $r.urlKey) }}{{ fail (printf "%s.url is empty: give the URL of your Redis, such as redis://redis.data.svc:6379/0, or a secret that has it in %s.existingSecret and %s.urlKey" $at $at $at) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseEnv" -}}
{{- $all := dict "env" .Values.env }}
{{- range $pool, $p := .Values.worker.pools }}{{ $_ := set $all (printf "worker.pools.%s.env" $pool) ($p.env | default dict) }}{{ end }}
{{- range $at, $env := $all }}
{{- range $name, $value := $env }}
{{- if has $name (list "SWITCHYARD_CONFIG" "SWITCHYARD_LOG_FORMAT" "SWITCHYARD_REDIS_URL" "SWITCHYARD_WORKER_LISTEN" "SWITCHYARD_WORKER_DRAIN" "SWITCHYARD_SCHEDULER_LISTEN" "SWITCHYARD_SCHEDULER_OWNER" "SWITCHYARD_MONITOR_LISTEN") }}{{ fail (printf "%s.%s is set by the chart: use redis, drainSeconds or scheduler.owner, or leave it out" $at $name) }}{{ end }}
{{- if and (regexMatch (include "switchyard.secretName" $) $name) (not (regexMatch "(?i)(_env|_file|_hash)$" $name)) }}{{ fail (printf "%s.%s looks like a secret, and everybody who may read Deployments would see it: put it into a secret, and name that in envFrom" $at $name) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseLabels" -}}
{{- range $label, $value := .Values.podLabels }}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (eq $label "pool") }}{{ fail (printf "podLabels.%s is set by the chart, which finds its pods by it: use another label" $label) }}{{ end }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseMonitor" -}}
{{- $m := .Values.monitor }}
{{- if $m.enabled }}
{{- $file := or .Values.existingConfigMap .Values.existingConfigSecret }}
{{- if and (not $file) (not (dig "monitor" "users" list .Values.config)) }}{{ fail "config.monitor.users is empty: the monitor listens beyond its pod, and does not start without users; give some, with hashes of switchyard hash-password, or a file that has them in existingConfigSecret, or set monitor.enabled to false" }}{{ end }}
{{- if and $m.ingress.enabled (not $m.ingress.host) }}{{ fail "monitor.ingress.host is empty: name the host of the monitor, such as switchyard.example.org" }}{{ end }}
{{- if and $m.ingress.enabled (not $m.ingress.tlsSecret) }}{{ fail "monitor.ingress.tlsSecret is empty: name a secret with a certificate, for sign-ins send a password with each request" }}{{ end }}
{{- if and .Values.podMonitor.enabled (not $m.reader.existingSecret) }}{{ fail "podMonitor.enabled is true and monitor.reader.existingSecret is empty: name a secret with the name and the password of a reader, or the monitor answers Prometheus with 401" }}{{ end }}
{{- end }}
{{- end }}

{{- define "switchyard.refuseNetwork" -}}
{{- $n := .Values.networkPolicy }}
{{- if $n.enabled }}
{{- if not $n.redis.to }}{{ fail "networkPolicy.redis.to is empty, which would allow these ports to everybody: select the pods of Redis, or give its ipBlock" }}{{ end }}
{{- if not $n.dns.to }}{{ fail "networkPolicy.dns.to is empty, which would allow port 53 to everybody: select the pods of the DNS, or give its ipBlock" }}{{ end }}
{{- if and .Values.keda.enabled (eq .Values.keda.source "monitor") (not $n.monitorFrom) }}{{ fail "networkPolicy.monitorFrom is empty, and KEDA asks the monitor: select KEDA's namespace there" }}{{ end }}
{{- if and .Values.monitor.enabled .Values.monitor.ingress.enabled (not $n.monitorFrom) }}{{ fail "networkPolicy.monitorFrom is empty, and monitor.ingress.enabled is true: select the ingress controller there" }}{{ end }}
{{- end }}
{{- end }}
