"""Who somebody is, and how to be introduced to them: identities, signed documents, the signaling endpoint."""
