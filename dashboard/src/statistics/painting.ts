// Draws bars and steps into the plot of uPlot. A bucket that has not ended is drawn lighter.
import uPlot from 'uplot'
import { bucketSpan } from './range.ts'
import type { CountRow, DurationLine, DurationRow, StatsBucket } from './series.ts'
import type { Loaded } from './statistics.ts'

const MIN_BAR_PIXELS = 2
const LINE_PIXELS = 2
const DASHED = [5, 3]
const IN_PROGRESS_ALPHA = 0.45

interface Place {
  readonly bucket: StatsBucket
  readonly left: number
  readonly right: number
  readonly isInProgress: boolean
}

export function paintBars(plot: uPlot, { name }: CountRow, content: Loaded): void {
  const { ctx, bbox } = plot
  const bottom = bbox.top + bbox.height
  for (const { bucket, left, right, isInProgress } of placesOf(plot, content)) {
    const count = bucket[name]
    if (count === 0) continue
    const top = Math.min(bottom - MIN_BAR_PIXELS * uPlot.pxRatio, Math.round(plot.valToPos(count, 'y', true)))
    const width = Math.max(uPlot.pxRatio, right - left - gapOf(right - left))
    ctx.globalAlpha = isInProgress ? IN_PROGRESS_ALPHA : 1
    ctx.fillRect(left, top, width, bottom - top)
    ctx.globalAlpha = 1
    if (isInProgress && width > 4 * uPlot.pxRatio) outline(ctx, { left, top, width, height: bottom - top })
  }
}

/** Narrow bars have no gap, so that they can be seen. */
function gapOf(width: number): number {
  if (width > 8 * uPlot.pxRatio) return Math.round(2 * uPlot.pxRatio)
  return width > 3 * uPlot.pxRatio ? Math.round(uPlot.pxRatio) : 0
}

function outline(
  ctx: CanvasRenderingContext2D,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): void {
  const line = uPlot.pxRatio
  ctx.setLineDash([3 * line, 3 * line])
  ctx.lineWidth = line
  ctx.strokeRect(left + line / 2, top + line / 2, width - line, height)
  ctx.setLineDash([])
}

export function paintSteps(plot: uPlot, { lines }: DurationRow, content: Loaded): void {
  const places = placesOf(plot, content)
  for (const [index, line] of lines.entries()) paintLine(plot, { line, isDashed: index > 0 }, places)
}

interface PaintedLine {
  readonly line: DurationLine
  readonly isDashed: boolean
}

/** A level line across each bucket that has a value, joined with those beside it. */
function paintLine(plot: uPlot, { line, isDashed }: PaintedLine, places: readonly Place[]): void {
  const { ctx } = plot
  const [ended, inProgress] = [new Path2D(), new Path2D()]
  let from: number | undefined
  for (const { bucket, left, right, isInProgress } of places) {
    const ms = bucket[line.name]
    const y = ms === null ? undefined : plot.valToPos(ms, 'y', true)
    if (y !== undefined) {
      const path = isInProgress ? inProgress : ended
      // One continuous path keeps its dashes evenly spaced.
      if (from === undefined || isInProgress) path.moveTo(left, from ?? y)
      path.lineTo(left, y)
      path.lineTo(Math.max(right, left + LINE_PIXELS * uPlot.pxRatio), y)
    }
    from = y
  }
  ctx.setLineDash(isDashed ? DASHED.map((length) => length * uPlot.pxRatio) : [])
  ctx.lineWidth = (isDashed ? LINE_PIXELS - 0.5 : LINE_PIXELS) * uPlot.pxRatio
  ctx.stroke(ended)
  ctx.globalAlpha = IN_PROGRESS_ALPHA
  ctx.stroke(inProgress)
  ctx.globalAlpha = 1
  ctx.setLineDash([])
}

function placesOf(plot: uPlot, { range, buckets, loadedAt }: Loaded): Place[] {
  const positionOf = (at: number): number => Math.round(plot.valToPos(at, 'x', true))
  return buckets.map((bucket, index) => {
    const { from, to } = bucketSpan(range, index)
    return { bucket, left: positionOf(from), right: positionOf(to), isInProgress: to > loadedAt }
  })
}
