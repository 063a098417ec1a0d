declare module "virtual:examples" {
  export const examples: import("../build/examples").Example[];
  export const manifests: import("../build/examples").Manifest[];
  export const sections: import("../build/messages").Section[];
}
