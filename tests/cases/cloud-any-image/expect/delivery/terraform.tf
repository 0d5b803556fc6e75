# Attributes of `google_compute_instance` for node1; use them as `local.cotter_node1.<attribute>`. Written by cotter.
locals {
  cotter_node1 = {
    metadata = {
      "user-data" = file("${path.module}/user-data")
      "startup-script" = file("${path.module}/startup-script")
    }
  }
}
