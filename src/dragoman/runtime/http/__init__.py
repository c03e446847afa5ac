"""HTTP, as every style that is spoken over it shares it: problems, bodies, negotiation, caching."""
