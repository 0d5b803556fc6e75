# Attributes of `aws_instance` for core2; use them as `local.cotter_core2.<attribute>`. Written by cotter.
locals {
  cotter_core2 = {
    user_data_base64 = filebase64("${path.module}/user-data")
  }
}
