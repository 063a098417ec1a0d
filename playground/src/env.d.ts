declare module "virtual:examples" {
  export const examples: import("../build/examples").Example[];
}
