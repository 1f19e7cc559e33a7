"""Label selectors, with Kubernetes' meaning."""

from collections.abc import Mapping

from wasmwright_operator.api.meta import LabelSelector, LabelSelectorRequirement


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector matches, with Kubernetes' meaning."""
    for key, value in selector.match_labels.items():
        if labels.get(key) != value:
            return False
    return all(_holds(item, labels) for item in selector.match_expressions)


def _holds(item: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    match item.operator:
        case "In":
            return labels.get(item.key) in item.values
        case "NotIn":
            return labels.get(item.key) not in item.values
        case "Exists":
            return item.key in labels
        case "DoesNotExist":
            return item.key not in labels
