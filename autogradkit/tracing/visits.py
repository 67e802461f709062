"""The learner's calls into this package: from where, and in which turns of the loops there.

Rests on frames and turns. All that runs in one call is one visit, so the learner's frames are looked through once for it;
what he runs meanwhile, as a hook, are visits of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from autogradkit.tracing.frames import Site, Sites, entry_frame, learner_frames
from autogradkit.tracing.turns import turns_of


@dataclass(frozen=True, slots=True)
class Visit:
    """One call. Its frames run while it lasts: keep a visit no longer."""

    number: int
    entry: FrameType  # our outermost frame
    caller: FrameType | None  # what called it
    frames: list[FrameType]  # the learner's, innermost first
    site: Site
    turns: tuple[tuple[int, ...], ...]  # for each frame of the site, of the loops that it is in


class Visits:
    """The calls of one trace, each numbered; `sites` are where they came from."""

    def __init__(self) -> None:
        self.sites = Sites()
        # Those that have not returned, outermost first: a hook, or a function given to `vmap`, may call once more.
        self._running: list[Visit] = []
        self._count = 0

    def of(self, frame: FrameType) -> Visit:
        """The call that this frame of ours runs in."""
        running = self._running
        entry = entry_frame(frame, running[-1].entry if running else None)
        if not running or running[-1].entry is not entry:
            if running and running[-1].caller is entry.f_back:  # which calls one function at a time
                running.pop()
            else:
                around = set(_around(entry))
                while running and running[-1].entry not in around:
                    running.pop()
            if not running or running[-1].entry is not entry:
                frames = list(learner_frames(entry))
                site = self.sites.of(frames)
                self._count += 1
                turns = tuple([turns_of(each) for each in frames[: len(site.frames)]])
                running.append(Visit(self._count, entry, entry.f_back, frames, site, turns))
        return running[-1]

    def end(self) -> None:
        """Hold no frame any more."""
        self._running.clear()


def _around(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
