"""beaker."""
