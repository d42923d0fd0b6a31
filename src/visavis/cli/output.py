"""What commands print, and how they write files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import click
from PIL import Image

from visavis.errors import VisavisError
from visavis.files import whole_file, why

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_json_list(
    items: Iterable[Any], name: str = "", others: Callable[[], Mapping[str, Any]] = dict
) -> None:
    """Print a list as its items come, however many they are; what was begun is ended, whatever ends the items.

    name: in an object, under this name, with the others after it, asked for when the items have come; without it, a list alone.
    Nothing is printed before the first item.
    """
    opening = f'{{"{name}": [' if name else "["
    begun = False
    try:
        for item in items:
            click.echo((",\n" if begun else f"{opening}\n") + json.dumps(item, ensure_ascii=False), nl=False)
            begun = True
        if not begun:
            click.echo(opening, nl=False)
            begun = True
    finally:
        if begun:
            closing = [
                f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
                for key, value in others().items()
            ]
            click.echo("\n" + ",\n".join(["]", *closing]) + ("}" if name else ""))


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """Print a table; columns whose name ends in "#" are numbers and lean to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width: give it one that wraps nothing.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for i, column in enumerate(columns):
        justify: Literal["left", "right"] = "right" if column.endswith("#") else "left"
        # Where there is too little room, the first column is folded, the others stay whole.
        table.add_column(
            Text(column.removesuffix("#")),
            justify=justify,
            no_wrap=i > 0,
            overflow="fold",
            min_width=None if i else 16,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def report(place: str, error: VisavisError) -> None:
    """Print an error that concerns one of several inputs, on standard error."""
    hint = f" ({error.hint})" if error.hint else ""
    click.echo(f"visavis: {place}: {error.message}{hint}", err=True)


def save_image(image: Image.Image, path: Path) -> None:
    """Write a picture whole or not at all; its format follows from the file's ending."""
    try:
        with whole_file(path) as file:
            image.save(file, Image.registered_extensions()[path.suffix.lower()], quality=92)
    except OSError as error:
        raise VisavisError(
            f"the picture cannot be written: {why(error, 'no room or no access')}",
            hint="check the folder, its free space and your rights",
        ) from None
