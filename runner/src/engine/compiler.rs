//! The engine that kwctl and policy-server embed, for what is tested and timed: wasmtime.

use std::sync::Arc;

use wapc::errors::Error;
use wasmtime_provider::{
    ResourceLimits, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre,
    wasmtime::{Engine, Module},
};

use super::{Code, LoadError, Provider};

/// A module, compiled.
pub(super) struct Compiled {
    engine: Engine,
    module: Module,
    instances: WasmtimeEngineProviderPre,
}

impl Compiled {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, LoadError> {
        let engine = Engine::default();
        let module = Module::new(&engine, bytes).map_err(|error| LoadError::Invalid(error.to_string()))?;
        Self::assemble(engine, module, ResourceLimits::default())
    }

    fn assemble(engine: Engine, module: Module, limits: ResourceLimits) -> Result<Self, LoadError> {
        let builder = WasmtimeEngineProviderBuilder::new().engine(engine.clone()).module(module.clone());
        let instances = builder.enable_resource_limits(limits).build_pre();
        let instances = instances.map_err(|error| LoadError::Invalid(error.to_string()))?;
        Ok(Self { engine, module, instances })
    }
}

impl Code for Compiled {
    fn provider(&self) -> Result<Provider, Error> {
        Ok(Box::new(self.instances.rehydrate(None)?))
    }

    fn with_memory_limit(&self, bytes: usize) -> Result<Arc<dyn Code>, LoadError> {
        let limits = ResourceLimits { max_memory_size: Some(bytes), ..ResourceLimits::default() };
        Ok(Arc::new(Self::assemble(self.engine.clone(), self.module.clone(), limits)?))
    }
}
