# Attributes of `google_compute_instance` for web2; use them as `local.cotter_web2.<attribute>`. Written by cotter.
locals {
  cotter_web2 = {
    metadata = {
      "startup-script" = file("${path.module}/startup-script")
    }
  }
}
