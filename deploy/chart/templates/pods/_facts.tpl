{{/*
What pods of a RuntimeClass have to do without, as JSON: the name of the class -> words. Classes are known by the catalogue, or by
values whose handler the catalogue knows; what `podWarnings.classes` says of one counts instead.
*/}}
{{- define "wasmwright.podFacts" -}}
{{- $facts := dict -}}
{{- range $path, $_ := .Files.Glob "files/catalogue/*.yaml" -}}
{{- $entry := $.Files.Get $path | fromYaml -}}
{{- if ne $entry.status "Template" -}}
{{- $words := list -}}
{{- if eq ($entry.mixedPods.nativeEnv | default "") "Lost" -}}{{- $words = append $words "EnvironmentLost" -}}{{- end -}}
{{- if not $entry.mixedPods.exec -}}{{- $words = append $words "NoExec" -}}{{- end -}}
{{- if not $entry.mixedPods.supported -}}{{- $words = append $words "WasmOnly" -}}{{- end -}}
{{- range include "wasmwright.classesOf" (dict "entry" $entry "root" $) | fromJsonArray -}}
{{- $_ := set $facts . (join "," $words) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $class, $words := .Values.podWarnings.classes -}}
{{- $_ := set $facts $class (join "," $words) -}}
{{- end -}}
{{- toJson $facts -}}
{{- end -}}

{{/* The RuntimeClasses of an entry of the catalogue, as JSON: its own, other people's, and those that values name for its handler. */}}
{{- define "wasmwright.classesOf" -}}
{{- $entry := .entry -}}
{{- $others := $entry.otherNames | default dict -}}
{{- $handlers := concat (list $entry.handler) ($others.handlers | default list) -}}
{{- $classes := concat $entry.runtimeClasses ($others.runtimeClasses | default list) -}}
{{- range $name, $spec := .root.Values.runtimes -}}
{{- if and (kindIs "map" $spec) (has ($spec.handler | default $name) $handlers) -}}
{{- range $spec.runtimeClasses -}}{{- $classes = append $classes .name -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $classes | uniq | sortAlpha | toJson -}}
{{- end -}}
