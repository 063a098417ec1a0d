//! The environment of containers in home mode.
//!
//! After the edit every `$(NAME)` that refers to one of the block's variables is expanded to the home API server's
//! value: the kubelet expands from earlier entries only, and falls back to the variables of the foreign cluster's own
//! service.

use serde_json::Value;

use crate::endpoint::{BLOCK_LENGTH, Block};
use crate::home::references::{escaped, references};
use crate::pod::{EnvVar, Fields, Object, Path, keep, list_or_new, object_mut};
use crate::rejection::Result;
use crate::review::Review;

/// Makes the environment of a container have the block, before all that refers to it.
pub(crate) fn set_block(
    container: &mut Object,
    path: Path,
    block: &Block,
    service_account: &str,
    review: &mut Review,
) -> Result<()> {
    let env = EnvVar::read_all(&Fields { object: container, path })?;
    let is_right = has_block(&env, block);
    let are_names: Vec<_> = env.iter().map(|variable| variable.is_service_account_name).collect();
    if is_right && !are_names.contains(&true) {
        return Ok(());
    }
    let kept: Vec<_> = env.iter().map(|variable| is_right || block.find(variable.name).is_none()).collect();
    let mut before = env.iter().zip(&kept).filter(|(_, kept)| **kept);
    let place = before.position(|(variable, _)| refers_to(variable, block));

    let path = path.member("env");
    let env = list_or_new(container, "env", path)?;
    for (index, variable) in env.iter_mut().enumerate().filter(|(index, _)| are_names[*index]) {
        let variable = object_mut(variable, path.item(index))?;
        variable.remove("valueFrom");
        // The name of a ServiceAccount has no dollar sign once the API server has checked it.
        variable.insert("value".to_owned(), Value::from(escaped(service_account)));
    }
    keep(env, &kept);
    if is_right {
        review.note(path, "refers to the ServiceAccount's name, which is the foreign cluster's");
    } else {
        let place = place.unwrap_or(env.len());
        env.splice(place..place, block.entries());
        review.note(path, "does not lead to the home API server");
    }
    Ok(())
}

/// Whether every variable of the block stands in the environment with the right value, and none is referred to before.
fn has_block(env: &[EnvVar], block: &Block) -> bool {
    let mut seen = [false; BLOCK_LENGTH];
    for variable in env {
        match block.find(variable.name) {
            Some((_, value)) if variable.value != Some(value) => return false,
            Some((index, _)) => seen[index] = true,
            None if seen.contains(&false) && refers_to(variable, block) => return false,
            None => {}
        }
    }
    !seen.contains(&false)
}

fn refers_to(variable: &EnvVar, block: &Block) -> bool {
    variable.value.is_some_and(|value| references(value).any(|name| block.find(name).is_some()))
}
