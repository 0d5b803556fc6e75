# Attributes of `google_compute_instance` for web1; use them as `local.cotter_web1.<attribute>`. Written by cotter.
locals {
  cotter_web1 = {
    metadata = {
      "startup-script" = file("${path.module}/startup-script")
    }
  }
}
