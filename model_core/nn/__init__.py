"""The pointer network: configuration, encoder, heads, losses' inputs and the joint search."""
