import type { ClinikoRecord } from './clinikoRecord';

/** A record that is no more than a name, such as a concession type. */
export type NamedRecord = ClinikoRecord & { name?: string };
