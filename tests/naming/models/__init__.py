"""Machines that are not here, modelled after what is known of them."""
