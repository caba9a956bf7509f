"""The exports of the component: each function of `wit/policy.wit` by its name, and nothing else.

`componentize-py` looks for one class for each interface of the world, and for `WitWorld`.
"""

from wit_world.exports.gate import Context

from loans import gate, migration, retry, rules, text
from loans.catalog import catalog


class WitWorld:
    def prepare(self) -> None:
        """Judges every example once, so that the snapshot has what Python prepares at the first call of a function."""
        for event_type in catalog().event_types:
            for version in event_type.versions:
                gate.process(version.example, [], Context("2026-03-01T09:30:00Z", None, False))


class Validation:
    validate = staticmethod(rules.validate)
    catalog = staticmethod(catalog)


class Migration:
    migrate = staticmethod(migration.migrate)


class Retry:
    schedule_for = staticmethod(retry.schedule_for)
    next_attempt = staticmethod(retry.next_attempt)


class Gate:
    process = staticmethod(gate.process)
    compose = staticmethod(gate.compose)


class Json:
    validate = staticmethod(text.validate)
    migrate = staticmethod(text.migrate)
    next_attempt = staticmethod(text.next_attempt)
    process = staticmethod(text.process)
    catalog = staticmethod(text.catalog)
