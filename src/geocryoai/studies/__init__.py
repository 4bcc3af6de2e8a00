"""The bundled studies, one YAML file each."""
