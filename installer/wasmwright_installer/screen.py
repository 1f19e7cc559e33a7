"""Results for people: tables and coloured diffs on a terminal, plain text elsewhere."""

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wasmwright_installer.contract import ApplyResult, ExitCode, HostStatus, Leftovers, PlanReport

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show(model: BaseModel, console: Console | None = None) -> None:
    """Print a result, a plan or a status."""
    screen = console or Console(highlight=False, soft_wrap=True)
    match model:
        case ApplyResult():
            _show_result(screen, model)
        case PlanReport():
            _show_plan(screen, model)
        case HostStatus():
            _show_status(screen, model)
        case _:
            screen.print(model.model_dump_json(indent=2), markup=False)


def _show_result(screen: Console, result: ApplyResult) -> None:
    done = result.exit_code is ExitCode.DONE
    screen.print(Text(f"{result.reason}: {result.message}", style="green" if done else "red"))
    for runtime in result.runtimes:
        note = f" ({runtime.message})" if runtime.message else ""
        line = (
            f"  {runtime.name} {runtime.version} handler {runtime.handler}: {runtime.state}{note}"
        )
        screen.print(Text(line))
    if result.restarted:
        name = _daemon(result.container_runtime)
        screen.print(Text(f"  {name} restarted, {result.unavailable_ms} ms without answer"))
    _show_list(screen, "pods in the way", result.blocking_pods)
    _show_list(screen, "warnings", result.warnings)


def _daemon(container_runtime: str) -> str:
    return container_runtime.partition("://")[0] or "the container runtime"


def _show_plan(screen: Console, plan: PlanReport) -> None:
    if plan.message:
        screen.print(Text(f"refused, code {plan.exit_code}: {plan.message}", style="bold red"))
    for file in plan.files:
        for line in file.diff.splitlines():
            screen.print(Text(line, style=_COLOURS.get(line[:1], "")))
    _show_list(screen, "because", (plan.layout,) if plan.files else ())
    _show_list(screen, "the daemon reads", plan.effective, style="cyan")
    for path, target in plan.links.items():
        screen.print(Text(f"link {path} -> {target}", style="green"))
    _show_list(screen, "links to remove", plan.obsolete_links, style="red")
    _show_handlers(screen, plan)
    if plan.why:
        verdict = f"{_daemon(plan.container_runtime)} restarts" if plan.restart else "no restart"
        screen.print(Text(f"{verdict}: {plan.why}", style="bold"))
    _show_list(screen, "pods that would be lost", plan.pods_lost, style="red")
    for handler, pods in plan.runtimes_in_use.items():
        _show_list(screen, f"still using {handler}", pods, style="red")
    _show_leftovers(screen, plan.leftovers)
    _show_list(screen, "warnings", plan.warnings, style="yellow")


def _show_handlers(screen: Console, plan: PlanReport) -> None:
    _show_list(screen, "handlers added", plan.handlers_added, style="green")
    _show_list(screen, "handlers changed", plan.handlers_changed)
    _show_list(screen, "handlers removed", plan.handlers_removed, style="red")
    _show_list(screen, "handlers of others, adopted", plan.handlers_adopted)
    taken = tuple(f"{name} {place}".strip() for name, place in plan.handlers_taken_over.items())
    _show_list(screen, "handlers taken over", taken)


def _show_status(screen: Console, status: HostStatus) -> None:
    place = f"{status.config_file} ({status.plugin_table})"
    screen.print(Text(f"{status.container_runtime}, {status.unit}, {place}"))
    table = Table("handler", "binary", "declared by", "installed")
    owners = {name: each.predecessor for each in status.leftovers for name in each.handlers}
    for name, handler in status.handlers.items():
        owner = "wasmwright" if handler.ours else owners.get(name, "others")
        table.add_row(name, handler.binary, owner, "yes" if handler.installed else "no")
    screen.print(table)
    _show_leftovers(screen, status.leftovers)
    _show_list(screen, "drift", status.drift, style="red")
    if status.unfinished:
        screen.print(
            Text("a run was ended in the middle of a change; run apply again", style="red")
        )


def _show_leftovers(screen: Console, leftovers: tuple[Leftovers, ...]) -> None:
    for each in leftovers:
        tables = tuple(f"{name} in {place}" for name, place in each.handlers.items())
        _show_list(screen, f"{each.predecessor} left handlers", tables, style="yellow")
        _show_list(screen, f"{each.predecessor} left frozen templates", each.templates)
        _show_list(screen, f"{each.predecessor} left files", (*each.files, *each.notes))
        _show_list(screen, f"{each.predecessor} is used by", each.in_use)


def _show_list(screen: Console, title: str, items: tuple[str, ...], style: str = "") -> None:
    for position, item in enumerate(items):
        screen.print(Text(f"{title if position == 0 else ' ' * len(title)}  {item}", style=style))
