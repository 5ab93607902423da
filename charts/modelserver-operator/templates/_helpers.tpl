{{- define "modelserver-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* At most 52 characters, so that suffixes fit. */}}
{{- define "modelserver-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "modelserver-operator.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "modelserver-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "modelserver-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "modelserver-operator.labels" -}}
{{ include "modelserver-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: modelserver
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Of {root, labels}: the chart's own labels and these; what selects pods cannot be taken over. */}}
{{- define "modelserver-operator.labelsWith" -}}
{{- toYaml (merge (include "modelserver-operator.labels" .root | fromYaml) (default dict .labels)) }}
{{- end }}

{{- define "modelserver-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "modelserver-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name must name a ServiceAccount where serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Of {image, appVersion}: by digest if there is one. */}}
{{- define "modelserver-operator.image" -}}
{{- if .image.digest }}
{{- printf "%s@%s" .image.repository .image.digest }}
{{- else }}
{{- printf "%s:%s" .image.repository (default .appVersion .image.tag) }}
{{- end }}
{{- end }}

{{/* What the schema cannot say: values that are wrong only together. */}}
{{- define "modelserver-operator.check" -}}
{{- if and (not .Values.leaderElection.enabled) (gt (int .Values.replicas) 1) }}
{{- fail (printf "replicas is %d, but leaderElection.enabled is false: without an election several operators would undo each other's work; set replicas to 1" (int .Values.replicas)) }}
{{- end }}
{{- if and .Values.otel.samplerArgument (not .Values.otel.sampler) }}
{{- fail "otel.samplerArgument means nothing without otel.sampler; set that too, such as to parentbased_traceidratio" }}
{{- end }}
{{- end }}

{{/* Of {root, severity}. */}}
{{- define "modelserver-operator.alertLabels" -}}
{{- toYaml (merge (dict "severity" .severity) .root.Values.prometheusRule.alertLabels) }}
{{- end }}
