//! The certificate for HTTPS on this machine.

use std::path::{Path, PathBuf};

use anyhow::Result;
use devstack::packages::Tools;
use devstack::process::Spec;
use devstack::user::RunAs;

const CONFIG: &str = "[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = Mercato development
[extensions]
subjectAltName = DNS:localhost,DNS:*.localhost,IP:127.0.0.1
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
basicConstraints = critical,CA:FALSE
";

/// Makes `dev.crt` and `dev.key` in a folder, unless they are there. Self-signed, for localhost, valid for a year.
pub(crate) fn ensure(tools: &Tools, run_as: &RunAs, folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let folder = run_as.folder(folder)?;
    let (certificate, key) = (folder.join("dev.crt"), folder.join("dev.key"));
    let spec = |name: &str| {
        tools.with_env(Spec::new(
            name,
            &tools.openssl,
            run_as,
            &folder,
            &folder.join("openssl.log"),
        ))
    };
    // A month before it ends a new one is made.
    let valid = certificate.exists() && key.exists() && {
        let check = spec("openssl x509")
            .arg("x509")
            .arg("-noout")
            .arg("-checkend")
            .arg("2592000")
            .arg("-in")
            .arg(&certificate);
        check.run().is_ok()
    };
    if !valid {
        // A configuration of our own: the system's may be missing, or say anything.
        let config = folder.join("openssl.cnf");
        run_as.write_private(&config, CONFIG)?;
        let mut make = spec("openssl req").env("HOME", &folder);
        for arg in [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "365",
        ] {
            make = make.arg(arg);
        }
        make = make.arg("-config").arg(&config);
        make.arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .run()?;
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok((certificate, key))
}
