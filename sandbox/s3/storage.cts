import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** An object that is or was in the bucket. */
export interface StoredObject {
	readonly key: string;
	/** In bytes. */
	readonly size: number;
	/** Hex digests of the bytes. */
	readonly sha256: string;
	readonly md5: string;
	/** The first bytes, enough to detect a file's type. */
	readonly head: Buffer;
	/** Where the bytes are on disk. They stay there until a reset, even if the object is moved. */
	readonly path: string;
	readonly contentType: string;
	/** The form's fields by lower-case name. */
	readonly fields: Readonly<Record<string, string>>;
}

/** The bucket's objects, by key. */
export class Storage {
	readonly objects = new Map<string, StoredObject>();

	constructor(private readonly folder: string) {
		this.clear();
	}

	/** An unused path on disk. */
	freshPath(): string {
		return join(this.folder, randomUUID());
	}

	put(object: StoredObject): void {
		this.objects.set(object.key, object);
	}

	/** Moves the object to another key. The bytes stay where they are. */
	move(object: StoredObject, key: string): StoredObject {
		const moved = { ...object, key };
		this.put(moved);
		this.objects.delete(object.key);
		return moved;
	}

	/** Deletes all objects, on disk too. */
	clear(): void {
		this.objects.clear();
		rmSync(this.folder, { recursive: true, force: true });
		mkdirSync(this.folder, { recursive: true });
	}
}
