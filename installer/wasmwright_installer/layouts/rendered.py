"""A plan for a main file that a supervisor renders: the template, and what it will render to."""

from wasmwright_installer.config import tables, template
from wasmwright_installer.config.files import FilePlan, changes_between, without_rendered
from wasmwright_installer.layouts.layout import Task


def plan_template(task: Task, path: str, *, opening: bytes, reason: str) -> FilePlan:
    """Plan a marked block in a template.

    Args:
        task: what is to be declared.
        path: the template.
        opening: its text when it does not exist yet.
        reason: why it is this one.
    """
    present, base = task.present, task.base
    table = tables.table_in_use(base.tree, present.major)
    rendered = base.tree.get(present.main, b"")
    handlers = dict(task.handlers)
    if present.major == 1 and tables.runtimes(tables.parse(present.main, rendered), table) is None:
        handlers = {**task.defaults, **handlers}
        reason += "; the default runtimes are written out, since it declares none"
    added = template.add(path, base.sources.get(path, opening), table, handlers)
    after = without_rendered(present, base.tree) | dict(base.sources) | {path: added}
    return FilePlan(
        changes=changes_between(present, base, after),
        tree={**base.tree, present.main: template.predict(present.main, rendered, table, handlers)},
        table=table,
        names=frozenset(handlers),
        reason=reason,
        warnings=base.warnings,
    )
