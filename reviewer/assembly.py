"""From scored candidates to findings and suppressions, file by file; what the policy sets aside keeps its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviewer.configuration import Configuration, DirectoryPolicy
from reviewer.engine import Engine
from reviewer.findings import Finding, build_finding, is_in_test
from reviewer.fingerprint import compute_fingerprints
from reviewer.outline import find_comments
from reviewer.scanning import ScoredFile
from reviewer.selection import Policy, Withheld, WithheldReason, build_policy, find_silencers
from reviewer.source import SourceFile
from reviewer.suppression import MARKER, Suppression, parse_suppressions


@dataclass(frozen=True, slots=True)
class Assembly:
    """One file's findings that pass the policy, its other candidates, and its suppressions.

    `used` are the suppressions that cover a candidate below its threshold: they are not needed now, yet not idle.
    """

    findings: tuple[Finding, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    used: frozenset[Suppression] = field(default=frozenset())


class Assembler:
    """Makes findings with one configuration; `sources` holds every file that evidence may name."""

    def __init__(self, configuration: Configuration, engine: Engine, sources: Mapping[str, SourceFile]) -> None:
        self._configuration, self._engine, self._sources = configuration, engine, sources
        self._label_ids = tuple(label.id for label in engine.catalogue)
        self._policies: dict[DirectoryPolicy | None, Policy] = {}

    def policy_of(self, path: str) -> Policy:
        """What is shown in a file."""
        folder = self._configuration.folder_of(path)
        if folder not in self._policies:
            policy = build_policy(self._configuration, folder, self._label_ids, self._engine.thresholds)
            self._policies[folder] = policy
        return self._policies[folder]

    def assemble(self, path: str, scored_file: ScoredFile) -> Assembly:
        """One file's findings."""
        suppressions = self.find_suppressions(path)
        policy = self.policy_of(path)
        reasons = [
            policy.screen(one.candidate.label, one.probability, in_test=is_in_test(one.candidate))
            for one in scored_file.scored
        ]
        if not suppressions and None not in reasons:
            return Assembly(withheld=self._set_aside(scored_file, reasons))
        findings = self.build_all(path, scored_file)
        unlikely = [one for one, why in zip(findings, reasons, strict=True) if why is WithheldReason.UNLIKELY]
        return Assembly(
            tuple(one for one, why in zip(findings, reasons, strict=True) if why is None),
            self._set_aside(scored_file, reasons),
            suppressions,
            frozenset(used for finding in unlikely for used in find_silencers(finding, suppressions)),
        )

    def build_all(self, path: str, scored_file: ScoredFile, identity_path: str = "") -> list[Finding]:
        """Every candidate of a file as a finding, in order; `identity_path` is the file's name for its fingerprints."""
        source = self._sources[path]
        candidates = [scored.candidate for scored in scored_file.scored]
        fingerprints = compute_fingerprints(candidates, source, identity_path)
        catalogue = self._engine.catalogue
        return [
            build_finding(scored, fingerprint, catalogue.get_label(scored.candidate.label), self._sources)
            for scored, fingerprint in zip(scored_file.scored, fingerprints, strict=True)
        ]

    def find_suppressions(self, path: str) -> tuple[Suppression, ...]:
        """The suppressions in a file."""
        source = self._sources[path]
        return parse_suppressions(source, find_comments(source)) if MARKER in source.content else ()

    def _set_aside(self, scored_file: ScoredFile, reasons: list[WithheldReason | None]) -> tuple[Withheld, ...]:
        pairs = zip(scored_file.scored, reasons, strict=True)
        screened = (
            Withheld(one.candidate.label, one.candidate.path, one.candidate.start, one.probability, reason)
            for one, reason in pairs
            if reason is not None
        )
        unasked = (
            Withheld(one.label, one.path, one.start, None, WithheldReason.NOT_SELECTED) for one in scored_file.unasked
        )
        return (*screened, *unasked)
