# Attributes of `libvirt_ignition` for core1; use them as `local.cotter_core1.<attribute>`. Written by cotter.
locals {
  cotter_core1 = {
    content = file("${path.module}/config.ign")
  }
}
