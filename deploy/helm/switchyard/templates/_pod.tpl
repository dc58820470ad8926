{{/* What every pod of a daemon has. */}}

{{/* Labels and annotations of a pod. Takes root, component, pool and annotations. */}}
{{- define "switchyard.podMeta" -}}
# The version of the chart is no label here: pods stay when it is all that has changed.
labels:
  {{- include "switchyard.selector" .root | nindent 2 }}
  app.kubernetes.io/part-of: switchyard
  app.kubernetes.io/component: {{ .component }}
  {{- with .pool }}
  pool: {{ . }}
  {{- end }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Another configuration rolls the pods.
  checksum/config: {{ include "switchyard.file" .root | sha256sum }}
  {{- with .annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* How a pod may run. Takes root. */}}
{{- define "switchyard.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "switchyard.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Where a pod runs. Takes root, labels (of the pods to be spread) and own (a pool, scheduler or monitor). */}}
{{- define "switchyard.placement" -}}
{{- if .root.Values.spread }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- $.labels | nindent 8 }}
  {{- end }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with get $.own $key }}
{{ $key }}: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Liveness never waits for Redis: an outage must not restart the fleet. */}}
{{- define "switchyard.probes" -}}
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/* What a pod mounts. Takes root and own, the mounts of a pool. */}}
{{- define "switchyard.mounts" -}}
volumeMounts:
  - {name: config, mountPath: /etc/switchyard, readOnly: true}
  - {name: tmp, mountPath: /tmp}
  - {name: state, mountPath: /var/lib/switchyard}
  {{- with concat .root.Values.extraVolumeMounts (.own | default list) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Takes root and own, the volumes of a pool. */}}
{{- define "switchyard.volumes" -}}
volumes:
  {{- include "switchyard.fileVolume" (dict "root" .root "map" (include "switchyard.fullname" .root)) | nindent 2 }}
  - name: tmp
    emptyDir: {}
  - name: state
    emptyDir: {}
  {{- with concat .root.Values.extraVolumes (.own | default list) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
