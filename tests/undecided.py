"""A small instance whose linkage leaves questions open, and a terminal at which a person is played."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import termios
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from linkage.model import MODEL_PATH
from pipelines.inbox import arrivals
from pipelines.instance import Instance
from pipelines.linking import link_persons
from pipelines.settings import Settings
from pipelines.stages import land_batch, store_batch, validate_landed
from tests.conftest import ROOT

SPECIFICATION = """\
name: {name}
title: {name}
language: en
agreement: none, everyone is invented
simulated: true
files:
  - name: cases
    columns:
      Number: {{field: source_record_id}}
      Registered: {{field: registration_date, date_format: "%Y-%m-%d"}}
      Given: {{field: given_name}}
      Family: {{field: family_name}}
      Born: {{field: birth_date, date_format: "%Y-%m-%d"}}
      Sex: {{field: gender_code}}
      Phone: {{field: phone}}
"""
HEADER = "Number,Registered,Given,Family,Born,Sex,Phone\n"
REPORTS = {
    "first-ngo": (
        "1,2021-05-13,Quendolinara,Vastrikovenko,1991-04-17,woman,",
        "2,2021-05-14,Bartholomixa,Ozdemirovitch,1984-09-02,woman,+33199001234",
        "3,2021-05-15,Ximenarella,Ulloquetanza,1979-12-24,woman,",
    ),
    "second-ngo": (
        "1,2021-06-13,Quendolinara,Vastrikovenco,1990-04-11,woman,",
        "2,2021-06-14,Bartholomixa,Ozdemirovich,1985-03-02,woman,+34910000111",
        "3,2021-06-15,Ximenarela,Ulloquetansa,1980-12-21,woman,",
    ),
}
"""Three persons, each known to two organisations under nearly the same name and another day of birth."""
VALUES = sorted({cell for rows in REPORTS.values() for row in rows for cell in row.split(",")[2:] if len(cell) > 6})
"""Every cell that identifies somebody."""
WAIT_SECONDS = 60
Script = Sequence[tuple[str, str | Callable[[], None]]]
"""What is waited for on a terminal, counted from where the last waiting ended, and what is pressed or done then."""


def undecided_instance(folder: Path) -> Instance:
    """Batches in and linked, with a model under which every pair that might be one person is a question."""
    (folder / "partners").mkdir(parents=True)
    for name, rows in REPORTS.items():
        (folder / "partners" / f"{name}.yml").write_text(SPECIFICATION.format(name=name), encoding="utf-8")
        (folder / "home" / "inbox" / name).mkdir(parents=True)
        (folder / "home" / "inbox" / name / "cases.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    model = json.loads(MODEL_PATH.read_text(encoding="utf-8"))
    model["thresholds"] |= {"lowest": -40.0, "review": -30.0, "link": 0.0, "asked": 50.0, "automatic": 55.0, "highest": 60.0}
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    instance = Instance(settings_in(folder))
    with instance.hold():
        for name in REPORTS:
            for arrival in arrivals(instance.inbox, name):
                land_batch(instance, name, arrival.batch_id)
                validate_landed(instance, name, arrival.batch_id)
                store_batch(instance, name, arrival.batch_id)
        link_persons(instance)
    return instance


def settings_in(folder: Path) -> Settings:
    return Settings(home=folder / "home", partners=folder / "partners", products=ROOT / "products", linkage_model=folder / "model.json")


def environment_of(instance: Instance) -> dict[str, str]:
    """What a command needs to be run on it."""
    folder = instance.home.parent
    found = {"HOME": instance.home, "PARTNERS": folder / "partners", "LINKAGE_MODEL": folder / "model.json"}
    return {f"CASEHOUSE_{name}": str(path) for name, path in found.items()} | {"TERM": "xterm-256color"}


@dataclass
class Desk:
    """A pseudo terminal, and someone who waits until a text is on it and then presses keys."""

    script: Script
    rows: int = 50
    columns: int = 160
    seen: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> Desk:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        self._is_over = threading.Event()
        self._person = threading.Thread(target=self._play, daemon=True)
        self._person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._person.join(WAIT_SECONDS)
        os.close(self.slave)
        os.close(self.master)

    @property
    def text(self) -> str:
        """All that was ever on the terminal."""
        return bytes(self.seen).decode("utf-8", "replace")

    def _play(self) -> None:
        start, waiting = 0, list(self.script)
        deadline = time.monotonic() + WAIT_SECONDS
        while not (self._is_over.is_set() and not self._read()):
            if waiting and (place := self.seen.find(waiting[0][0].encode(), start)) >= 0:
                start = place + len(waiting[0][0].encode())
                self._do(waiting.pop(0)[1])
            if time.monotonic() > deadline:
                os.write(self.master, b"\x04q")  # the person leaves, so that a test fails and does not wait
                deadline += WAIT_SECONDS
            if not self._is_over.is_set():
                self._read()

    def _do(self, what: str | Callable[[], None]) -> None:
        if isinstance(what, str):
            os.write(self.master, what.encode())
        else:
            what()

    def _read(self) -> bool:
        if not select.select([self.master], [], [], 0.05)[0]:
            return False
        try:
            self.seen += os.read(self.master, 65_536)
        except OSError:
            return False
        return True
