//! Writes a file as a whole or not at all. Knows nothing of what is in it.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Writes a whole file or none: a gate may watch it. A link stays a link, and a file that is replaced keeps its mode.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let found = match fs::metadata(file) {
        Ok(found) if found.is_file() => Some(found),
        Ok(_) => return Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let target = match found {
        Some(_) => file.canonicalize()?,
        None => file.to_owned(),
    };
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    // Like any file that is made: a gate may run as another user.
    let by_umask = fs::Permissions::from_mode(0o666);
    let new = tempfile::Builder::new()
        .permissions(by_umask)
        .tempfile_in(folder.unwrap_or(Path::new(".")));
    // Its own message names the temporary file.
    let mut new = new.map_err(|error| io::Error::from(error.kind()))?;
    new.write_all(bytes)?;
    if let Some(found) = found {
        new.as_file().set_permissions(found.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(target).map_err(|error| error.error)?;
    Ok(())
}
