"""Grade strangers' notebooks: intake, sandbox, batch, similarity, reports, releases."""
