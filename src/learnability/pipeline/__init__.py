"""From a config to artifacts: run table, random streams, stores, fingerprints, stages, claims."""
