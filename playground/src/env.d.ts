declare module "virtual:examples" {
  export const examples: import("../build/examples").Example[];
  export const settings: string;
}
