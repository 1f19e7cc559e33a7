{{/* Lay one map over another, field by field; the first one is changed. */}}
{{- define "wasmwright.overlay" -}}
{{- $below := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $below $key)) -}}
{{- include "wasmwright.overlay" (list (get $below $key) $value) -}}
{{- else -}}
{{- $_ := set $below $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The entries of the catalogue that are somebody's runtime, by name, as JSON. */}}
{{- define "wasmwright.catalogue" -}}
{{- $entries := dict -}}
{{- range $path, $_ := .Files.Glob "files/catalogue/*.yaml" -}}
{{- $entry := $.Files.Get $path | fromYaml -}}
{{- if ne $entry.status "Template" -}}
{{- $_ := set $entries $entry.id $entry -}}
{{- end -}}
{{- end -}}
{{- toJson $entries -}}
{{- end -}}

{{/*
The spec of one runtime, as JSON: what the values say of it, laid over its entry of the catalogue if it has one. The operator's
package has the same as a function (wasmwright_operator.catalogue.render_spec); a test compares the two.
*/}}
{{- define "wasmwright.runtime" -}}
{{- $name := .name -}}
{{- $given := omit .given "enabled" -}}
{{- $spec := dict -}}
{{- with .entry -}}
{{- $wanted := $given.version | default (first .releases).version -}}
{{- $release := dict -}}
{{- range .releases -}}
{{- if eq .version $wanted -}}{{- $release = . -}}{{- end -}}
{{- end -}}
{{- if and (not $release) (not $given.source) -}}
{{- $known := list -}}
{{- range .releases -}}{{- $known = append $known .version -}}{{- end -}}
{{- fail (printf "runtimes.%s: the catalogue has no version %q, only %s; choose one of them or give source" $name $wanted (join ", " $known)) -}}
{{- end -}}
{{- $config := dict "podsSurviveRestart" .podsSurviveRestart -}}
{{- with .podAnnotations -}}{{- $_ := set $config "podAnnotations" . -}}{{- end -}}
{{- with $release.options -}}{{- $_ := set $config "options" . -}}{{- end -}}
{{- $classes := list -}}
{{- range .runtimeClasses -}}{{- $classes = append $classes (dict "name" .) -}}{{- end -}}
{{- $spec = dict "handler" .handler "type" .type "config" $config "runtimeClasses" $classes -}}
{{- if $release -}}
{{- $_ := set $spec "version" $release.version -}}
{{- $_ := set $spec "source" $release.source -}}
{{- end -}}
{{- else -}}
{{- if not $given.source -}}
{{- fail (printf "runtimes.%s: the catalogue holds %s and no %s, so give its source" $name .known $name) -}}
{{- end -}}
{{- end -}}
{{- if $given.source -}}{{- $_ := unset $spec "source" -}}{{- end -}}
{{- include "wasmwright.overlay" (list $spec $given) -}}
{{- toJson $spec -}}
{{- end -}}

{{/* What the release declares, as JSON: `specs` by name, and `unnamed`: those of them that no value names. */}}
{{- define "wasmwright.runtimes" -}}
{{- $entries := include "wasmwright.catalogue" . | fromJson -}}
{{- $known := keys $entries | sortAlpha | join ", " -}}
{{- $specs := dict -}}
{{- $unnamed := list -}}
{{- range $name, $entry := $entries -}}
{{- $isOffered := and (eq $.Values.catalogue.declare "Current") (eq $entry.status "Current") -}}
{{- if and $isOffered (not (hasKey $.Values.runtimes $name)) -}}
{{- $spec := include "wasmwright.runtime" (dict "name" $name "given" dict "entry" $entry "known" $known) -}}
{{- $_ := set $specs $name (fromJson $spec) -}}
{{- $unnamed = append $unnamed $name -}}
{{- end -}}
{{- end -}}
{{- range $name, $given := .Values.runtimes -}}
{{- if and (kindIs "map" $given) (ne (toString $given.enabled) "false") -}}
{{- $spec := include "wasmwright.runtime" (dict "name" $name "given" $given "entry" (get $entries $name) "known" $known) -}}
{{- $_ := set $specs $name (fromJson $spec) -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "specs" $specs "unnamed" $unnamed) -}}
{{- end -}}
