"""Collects what the reading of the files finds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from configuration.checking.explanations import OperatorPath, explain
from configuration.checking.json_with_comments import MAXIMUM_BYTES, Unreadable, read_json
from configuration.checking.placeholders import Found, placeholders
from configuration.checking.shape import Shape, placeholder_words
from configuration.checking.source_file import SourceFile
from configuration.checking.unknown_keys import nearest
from models.faults import Fault, Finding, Remark


@dataclass(frozen=True, slots=True)
class Findings:
    """The files that were read, and the faults and remarks on them so far.

    `wanted` are names of files that have a meaning of their own: none of them is another name that was misspelt.
    """

    sources: list[SourceFile] = field(default_factory=list[SourceFile])
    faults: list[Fault] = field(default_factory=list[Fault])
    remarks: list[Remark] = field(default_factory=list[Remark])
    wanted: set[str] = field(default_factory=set[str])

    def read(self, folder: Path, name: str) -> SourceFile | None:
        """Read a file of a folder, or say why it cannot be read."""
        if (folder / name).exists() and not (folder / name).is_file():
            self.faults.append(
                Fault(
                    file=name,
                    path="",
                    problem="the file cannot be read: it is no regular one",
                    instead="a regular file",
                )
            )
            return None
        try:
            with (folder / name).open("rb") as file:
                content = file.read(MAXIMUM_BYTES + 1)
        except FileNotFoundError:
            # The names of parameter files are long and alike: only a slip of the pen is a hint.
            strangers = [each for each in file_names(folder) if each not in self.wanted]
            close = nearest(name, strangers, likeness=0.9)
            instead = f"the file; did you mean {close}?" if close else f"a file of this name in {folder.name}/"
            self.faults.append(Fault(file=name, path="", problem="the file is missing", instead=instead))
            return None
        except OSError as error:
            problem = f"the file cannot be read: {error.strerror}"
            self.faults.append(Fault(file=name, path="", problem=problem, instead="a readable file"))
            return None
        return self.parse(name, content)

    def parse(self, name: str, content: bytes) -> SourceFile | None:
        """Read JSON that is there already under a name that findings can give, or say why it is none."""
        node = read_json(content)
        if isinstance(node, Unreadable):
            line, column = node.place or (None, None)
            self.faults.append(
                Fault(file=name, path="", line=line, column=column, problem=node.problem, instead=node.instead)
            )
            return None
        source = SourceFile(name, node)
        self.sources.append(source)
        self.faults.extend(
            source.fault(path, f"the key {path[-1]} has been there before", "one of the two", place=place)
            for path, place in node.repetitions()
        )
        return source

    def validate[Contents: Shape](self, source: SourceFile, shape: type[Contents]) -> Contents | None:
        """Check a whole file; None where it has faults."""
        return self.validate_part(source, shape, source.node.data, lambda path: path)

    def validate_part[Contents: Shape](
        self, source: SourceFile, shape: type[Contents], data: Any, operator_path: OperatorPath
    ) -> Contents | None:
        """Check data that was composed of a file; None where it has faults."""
        try:
            return shape.model_validate(data)
        except ValidationError as error:
            self.add_new(explain(error, source, shape, data, operator_path))
            return None

    def take(self, faults: Iterable[Fault], remarks: Iterable[Remark]) -> None:
        """Add what another part of the reading has found."""
        self.faults.extend(faults)
        self.remarks.extend(remarks)

    def add_new(self, faults: Iterable[Fault]) -> None:
        """Add the faults that have not been told yet."""
        told = set(self.faults)
        self.faults.extend(fault for fault in faults if fault not in told)

    def tell_placeholders(self) -> None:
        """Add a fault for each placeholder that no other check has come upon: in unknown keys, in what is not read."""
        for source in self.sources:
            self.add_new(placeholder_fault(source, found) for found in placeholders(source.node))

    def in_reading_order[Found: Finding](self, findings: list[Found]) -> tuple[Found, ...]:
        """Return findings file by file, as the files were read, and from top to bottom in each."""
        files = {source.name: position for position, source in enumerate(self.sources)}
        return tuple(sorted(findings, key=lambda f: (files.get(f.file, -1), f.line or 0, f.column or 0)))


def placeholder_fault(source: SourceFile, found: Found) -> Fault:
    """Return the fault that placeholders are."""
    place = source.node.place_of_key(found.path) if found.in_key else None
    return source.fault(found.path, *placeholder_words(found.placeholders), place=place)


def file_names(folder: Path) -> list[str]:
    """Return the names of the files in a folder, in order; none where there is no folder."""
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
