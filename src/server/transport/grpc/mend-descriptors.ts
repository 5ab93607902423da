import type { PackageDefinition } from '@grpc/proto-loader';
import descriptor from 'protobufjs/ext/descriptor/index.js';

/** What is read of google.protobuf's descriptors. */
interface Field {
  readonly name: string;
  typeName?: string;
  readonly oneofIndex?: number;
  proto3Optional?: boolean;
}
interface Message {
  name: string;
  readonly field: readonly Field[];
  readonly oneofDecl: readonly { readonly name: string }[];
  reservedRange: unknown[];
  readonly options?: { readonly mapEntry?: boolean };
  readonly nestedType: readonly Message[];
  readonly enumType: readonly { readonly name: string }[];
}
interface File {
  readonly name: string;
  readonly package?: string;
  dependency: string[];
  syntax: string;
  readonly messageType: readonly Message[];
  readonly enumType: readonly { readonly name: string }[];
  readonly service: readonly { readonly method: readonly { inputType: string; outputType: string }[] }[];
}

/**
 * The same package with descriptors that hold to the rules. proto-loader's name types relative to where they are used, forget the
 * files that a file needs, say proto2, take optional fields for oneofs, and call the entries of a map as its field. C++ makes do;
 * Go, and with it grpcurl, does not.
 */
export function withMendedDescriptors(definition: PackageDefinition): PackageDefinition {
  const entries = Object.entries(definition);
  const buffers = new Set(entries.flatMap(([, { fileDescriptorProtos: files = [] }]) => files as Buffer[]));
  const files = new Map([...buffers].map((bytes) => [bytes, descriptor.FileDescriptorProto.decode(bytes)]));
  const known = new Map<string, string>();
  for (const file of files.values()) nameMapEntries((file as unknown as File).messageType);
  for (const file of files.values()) collect(known, file as unknown as File);
  const mended = new Map<unknown, Buffer>();
  for (const [bytes, file] of files) {
    mend(known, file as unknown as File);
    mended.set(bytes, Buffer.from(descriptor.FileDescriptorProto.encode(file).finish()));
  }
  return Object.fromEntries(
    entries.map(([name, entry]) => {
      const replaced = (entry.fileDescriptorProtos as Buffer[] | undefined)?.map((bytes) => mended.get(bytes)!);
      return [name, replaced ? { ...entry, fileDescriptorProtos: replaced } : entry];
    }),
  ) as PackageDefinition;
}

/** A map's entries are a message called after its field, with `Entry` behind: else the name may be another type's as well. */
function nameMapEntries(messages: readonly Message[]): void {
  for (const { field, nestedType } of messages) {
    for (const entry of nestedType.filter(({ options }) => options?.mapEntry)) {
      const map = field.find(({ name }) => pascalCase(name) === pascalCase(entry.name));
      entry.name = `${pascalCase(entry.name)}Entry`;
      if (map) map.typeName = entry.name;
    }
    nameMapEntries(nestedType);
  }
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** @param known the files of types, by the types' full names */
function collect(known: Map<string, string>, file: File): void {
  const visit = (scope: string, messages: readonly Message[], enums: readonly { readonly name: string }[]) => {
    for (const { name } of enums) known.set(`${scope}.${name}`, file.name);
    for (const { name, nestedType, enumType } of messages) {
      known.set(`${scope}.${name}`, file.name);
      visit(`${scope}.${name}`, nestedType, enumType);
    }
  };
  visit(root(file), file.messageType, file.enumType);
}

function mend(known: ReadonlyMap<string, string>, file: File): void {
  const needed = new Set<string>();
  const full = (scope: string, name: string) => {
    const type = resolve(known, scope, name);
    needed.add(known.get(type) ?? file.name);
    return type;
  };
  const visit = (scope: string, messages: readonly Message[]) => {
    for (const message of messages) {
      const { name, field, oneofDecl, nestedType } = message;
      // Their ends are off by one, and nobody who calls a service asks for them.
      message.reservedRange = [];
      for (const each of field) {
        if (each.typeName) each.typeName = full(`${scope}.${name}`, each.typeName);
        // An optional field is alone in a oneof that is called after it, and says that it is no real one.
        const oneof = each.oneofIndex === undefined ? undefined : oneofDecl[each.oneofIndex];
        if (oneof?.name === `_${each.name}`) each.proto3Optional = true;
      }
      visit(`${scope}.${name}`, nestedType);
    }
  };
  visit(root(file), file.messageType);
  for (const { method } of file.service) {
    for (const each of method) {
      each.inputType = full(root(file), each.inputType);
      each.outputType = full(root(file), each.outputType);
    }
  }
  needed.delete(file.name);
  file.dependency = [...needed];
  file.syntax = 'proto3';
}

/** Looks for a name in a scope, then in the scope around it, up to the root. */
function resolve(known: ReadonlyMap<string, string>, scope: string, name: string): string {
  if (name.startsWith('.')) return name;
  for (let around = scope; around !== ''; around = around.slice(0, around.lastIndexOf('.'))) {
    if (known.has(`${around}.${name}`)) return `${around}.${name}`;
  }
  return `.${name}`;
}

function root(file: File): string {
  return file.package ? `.${file.package}` : '';
}
