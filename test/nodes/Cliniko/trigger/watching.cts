import {
	newRecordsSince,
	startFromNow,
	type Cursor,
	type Watch,
} from '../../../../nodes/Cliniko/trigger/newRecords.ts';
import { CREATED, type ClinikoList } from './clinikoList.cts';

/** What n8n's database gives back of a cursor. */
const stored = (cursor: Cursor) => JSON.parse(JSON.stringify(cursor)) as Cursor;

/** A watch that was begun, and its polls. */
export class Watching {
	private constructor(
		readonly list: ClinikoList,
		private readonly watch: Watch,
		public cursor: Cursor,
	) {}

	static async from(list: ClinikoList, watch = CREATED): Promise<Watching> {
		return new Watching(list, watch, await startFromNow(list.api, watch));
	}

	/** The ids of what one poll tells. */
	async poll(): Promise<string[]> {
		const { records, cursor } = await newRecordsSince(
			this.list.api,
			this.watch,
			stored(this.cursor),
		);
		this.cursor = cursor;
		return records.map(({ id }) => id);
	}
}

export const idsOf = (rows: Array<{ id: string }>) => rows.map(({ id }) => id);

export const sorted = (ids: string[]) => [...ids].sort((a, b) => Number(a) - Number(b));
