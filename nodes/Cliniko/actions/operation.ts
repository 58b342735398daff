import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

/** An operation of the node. To add one, write a file for it and list it in its resource. */
export interface Operation {
	name: string;
	value: string;
	/** Shown in n8n's node panel: sentence case, no articles. */
	action: string;
	description: string;
	fields: INodeProperties[];
	/** Processes all input items; the output is in their order. */
	execute: (context: IExecuteFunctions) => Promise<INodeExecutionData[]>;
}

/** A kind of record, with its operations. */
export interface Resource {
	name: string;
	value: string;
	defaultOperation: string;
	operations: Operation[];
}
