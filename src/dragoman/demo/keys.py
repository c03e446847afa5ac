"""The demo's keys. They stand here for all to read, so the process refuses to listen beyond this machine."""

import dragoman as dm

KEYS = {
    f"demo-{name}": dm.Principal(f"demo-{name}", "demo", audiences=frozenset({audience}))
    for name, audience in {
        "partner": dm.Audience.PARTNER,
        "internal": dm.Audience.INTERNAL,
        "frontend": dm.Audience.FRONTEND,
        "operator": dm.Audience.OPERATOR,
    }.items()
}
