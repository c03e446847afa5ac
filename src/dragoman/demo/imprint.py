"""Who stands behind the demo, for its documents."""

import dragoman as dm

OURS = dm.Imprint(
    contact=dm.Contact(name="The Dragoman shop", email="shop@example.com"),
    license=dm.License("Apache 2.0", identifier="Apache-2.0"),
)
