//! What systemd calls ports, and why.
